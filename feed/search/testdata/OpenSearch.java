import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/** One node of OpenSearch, of its server's own jars, without the start script: arguments are its folder and the HTTP port. */
public class OpenSearch extends Node {
    OpenSearch(Settings s) {
        super(InternalSettingsPreparer.prepareEnvironment(s, Map.of(), null, () -> "sheaf"), List.of(Netty4Plugin.class), true);
    }

    public static void main(String[] args) throws Exception {
        new OpenSearch(Settings.builder().put("path.home", args[0]).put("http.port", args[1]).put("network.host", "127.0.0.1")
            .put("transport.port", "0").put("discovery.type", "single-node").put("transport.type", "netty4").put("http.type", "netty4")
            .put("cluster.routing.allocation.disk.threshold_enabled", false).build()).start();
        Thread.currentThread().join();
    }
}
