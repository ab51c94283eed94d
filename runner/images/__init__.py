"""Container images: what they are made from (recipes), how they are built, how they are found."""
