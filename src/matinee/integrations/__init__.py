"""Third parties behind protocols: mail, payments, push, language models, embeddings."""
