"""The PostgreSQL server: where it is, starting an embedded one, its roles, its backups. Knows nothing of Django."""
