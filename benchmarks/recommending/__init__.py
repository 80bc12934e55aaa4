"""Parts of the benchmark `recommendation_quality`: data, protocols, measures, other methods."""
