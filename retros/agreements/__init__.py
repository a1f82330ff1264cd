"""What a retro does to agreements. The document itself, its versions and signatures, is partnerships/agreements."""
