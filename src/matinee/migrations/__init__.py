"""The schema's history: alembic revisions, inside the package so that a wheel can migrate."""
