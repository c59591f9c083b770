// Package oaipmh reads what OAI-PMH repositories answer, and the metadata formats that stand in their records.
package oaipmh
