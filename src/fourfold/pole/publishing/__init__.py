"""From a batch's canonical Parquet to governed records: staging brings the rows in, statements make them records."""
