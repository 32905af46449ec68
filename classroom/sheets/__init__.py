"""Tables of people that learning platforms export: their cells, and what their columns hold."""
