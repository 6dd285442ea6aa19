"""Libraries and what their calls do: one file each, one line in `FRAMEWORKS`."""
