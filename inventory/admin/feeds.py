"""Stock files: layouts, codes, and what became of each file."""
