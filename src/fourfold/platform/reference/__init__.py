"""Terms, organisations and rules of the region that are data: loaded from regions/, dated, each with its source and mark."""
