"""Proxies: learned stand-ins, called like the exact operators of their stages."""
