"""What people and scripts see: tables, pictures and JSON."""
