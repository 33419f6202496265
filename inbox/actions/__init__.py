"""What people ask from outside: commands, buttons, forms, home views."""
