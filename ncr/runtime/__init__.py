"""How containers run: engines, blueprints and isolation; knows no database."""
