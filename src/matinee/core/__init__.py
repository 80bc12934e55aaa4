"""What would be the same in any service: settings, database, cache, jobs, errors, HTTP plumbing."""
