"""Calls resolvers and reads what they return."""
