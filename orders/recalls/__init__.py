"""What a recall means for orders: which have the goods, and that they go no further."""
