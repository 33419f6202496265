"""Private services for the tests: started on free ports, stopped with whoever started them."""
