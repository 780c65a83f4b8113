"""Tillway: the governed integration hub between Odoo and everything that sells."""
