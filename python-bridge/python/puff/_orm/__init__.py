"""Django's QuerySets and SQLAlchemy's statements as plans."""
