"""What RQ workers run: plain functions, ids in. The row is the truth; a job is a wake-up call, and running one
twice changes nothing."""
