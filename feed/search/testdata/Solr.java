import org.apache.solr.client.solrj.embedded.JettySolrRunner;

/** Solr with its own web server: arguments are the folder of its cores and the port. */
public class Solr {
    public static void main(String[] args) throws Exception {
        new JettySolrRunner(args[0], "/solr", Integer.parseInt(args[1])).start();
        Thread.currentThread().join();
    }
}
