"""Toybox: a vendor that nobody has, integrated as `docs/adding-an-integration.md` says.

It stands in `rig` because the product does not ship it; an integration of yours is a folder of
the same shape in `integrations`.
"""
