// A header without its guard.
