"""The whole road once: a month of real charging sessions, from a card tap to the monthly statements."""
