"""Who runs processes: threads, the request itself, nobody here, or Celery."""
