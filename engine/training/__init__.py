"""Training of proxies from tap-outs, whoever made them."""
