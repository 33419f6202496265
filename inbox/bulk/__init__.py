"""What somebody did to tickets in one step, to one or to thousands, and the way back."""
