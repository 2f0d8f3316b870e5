"""What kinds of models share: layout, hierarchy, population, borrowing, walks."""
