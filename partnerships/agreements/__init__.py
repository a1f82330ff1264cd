"""The agreement as a document: versions, signatures, export. What a retro does to it is retros/agreements."""
