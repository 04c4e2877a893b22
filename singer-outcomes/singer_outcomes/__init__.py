"""What Singer plugins need to know the fate of every record."""
