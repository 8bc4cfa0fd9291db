"""One HTTP request, made safely: where it may go, what may come back, what must not be shown."""
