"""Tournaments: who meets whom, battles over many processes, results in one database, ratings, report."""
