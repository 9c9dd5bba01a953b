"""Terms and organisations of the region as data: loaded from regions/, dated, each with its source and mark."""
