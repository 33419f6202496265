"""Reports: facts of every ticket, sums of whole days, and what is made of them."""
