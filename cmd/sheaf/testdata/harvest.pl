# Harvests a repository by HTTP::OAI and prints "IDENTIFIER DATESTAMP STATUS ELEMENT" for each item: STATUS is "live" or "deleted",
# ELEMENT the local name of the record's root, or "-".
use strict;
use warnings;
use HTTP::OAI;
use XML::LibXML;

binmode STDOUT, ':encoding(UTF-8)';
my ($base, $verb, $prefix) = @ARGV;
my $harvester = HTTP::OAI::Harvester->new(baseURL => $base);
my $identify = $harvester->Identify;
die 'Identify: ' . $identify->message . "\n" if $identify->is_error;
$harvester->repository($identify);

my $response = $harvester->$verb(
	metadataPrefix => $prefix,
	onRecord => sub {
		my $item = shift;
		my $root = '-';
		if ($verb eq 'ListRecords' && $item->metadata) {
			my ($metadata) = $item->metadata->dom->childNodes; # a fragment that holds the metadata element
			my ($element) = grep { $_->nodeType == XML::LibXML::XML_ELEMENT_NODE } $metadata->childNodes;
			$root = $element->localname;
		}
		print join(' ', $item->identifier, $item->datestamp, ($item->status || 'live'), $root), "\n";
	},
);
die "$verb: " . $response->code . ' ' . $response->message . "\n" if $response->is_error || $response->errors;
