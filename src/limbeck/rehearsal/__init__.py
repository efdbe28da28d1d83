"""A run tried in small on the user's own teacher, base, hub and machine, before it is paid for."""
