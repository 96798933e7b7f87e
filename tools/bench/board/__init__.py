"""What runs inside MicroPython: each script measures something and prints one line of JSON."""
