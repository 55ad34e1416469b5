"""Stock files as bytes and text: kept on disk, inflated, read row by row in bounded memory."""
