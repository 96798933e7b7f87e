"""What boots on the board: boot.py, main.py, the asyncio tasks, the link to the cloud."""
