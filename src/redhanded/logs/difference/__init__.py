"""What distinguishes failing requests, windows of time or runs from passing ones."""
