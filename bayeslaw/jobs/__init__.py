"""Independent jobs whose answers are kept in a folder, where a later run finds them."""
