"""How a gradebook's tables came about, one step a module of `versions`; alembic runs them."""
