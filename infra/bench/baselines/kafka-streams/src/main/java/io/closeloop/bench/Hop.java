package io.closeloop.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/** One of the two middle hops as a Kafka Streams application: parses, adds its field, writes. It decides nothing. */
public final class Hop {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Hop() {}

  public static void main(String[] arguments) throws InterruptedException {
    String step = arguments.length == 1 ? arguments[0] : "";
    KafkaStreams streams = new KafkaStreams(topologyOf(step, environment("TOPIC_PREFIX", "")), settings(step));
    CountDownLatch ended = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) System.out.println("ready");
          if (now == KafkaStreams.State.ERROR) ended.countDown();
        });
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  streams.close();
                  // by itself a JVM that was told to stop ends with 143
                  Runtime.getRuntime().halt(0);
                }));
    streams.start();
    ended.await();
    Runtime.getRuntime().halt(1);
  }

  private static Topology topologyOf(String step, String prefix) {
    StreamsBuilder builder = new StreamsBuilder();
    Serde<JsonNode> json = Serdes.serdeFrom((topic, node) -> write(node), (topic, bytes) -> read(bytes));
    Consumed<byte[], JsonNode> in = Consumed.with(Serdes.ByteArray(), json);
    Produced<byte[], JsonNode> out = Produced.with(Serdes.ByteArray(), json);
    switch (step) {
      case "sentiment":
        builder.stream(prefix + "feedback.received.v1", in).mapValues(Hop::tagged).to(prefix + "feedback.tagged.v1", out);
        break;
      case "routing":
        builder.stream(prefix + "feedback.tagged.v1", in).mapValues(Hop::routed).to(prefix + "feedback.routed.v1", out);
        break;
      default:
        throw new IllegalArgumentException("The step must be sentiment or routing, not \"" + step + "\"");
    }
    return builder.build();
  }

  private static JsonNode tagged(JsonNode feedback) {
    ObjectNode event = JSON.createObjectNode();
    event.set("feedback", feedback);
    event.put("tagRevision", 1);
    ObjectNode tags = event.putObject("tags");
    tags.putObject("language").put("tag", "en").put("confidence", 1);
    tags.putObject("sentiment").put("label", "negative").put("score", -0.5).put("confidence", 1);
    tags.put("model", "none").put("taggedBy", "model");
    return event;
  }

  private static JsonNode routed(JsonNode tagged) {
    ObjectNode event = (ObjectNode) tagged;
    event.put("routeRevision", 1);
    ObjectNode route = event.putObject("route");
    route.put("team", "support").put("priority", "medium").put("slaPolicy", "standard");
    route.putArray("labels");
    route.put("loop", "open").put("ruleSetVersion", 1).put("rule", "none");
    return event;
  }

  private static Properties settings(String step) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, environment("GROUP_ID", "kafka-streams-" + step));
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, environment("KAFKA_BROKERS", null));
    settings.put(
        StreamsConfig.PROCESSING_GUARANTEE_CONFIG, environment("PROCESSING_GUARANTEE", StreamsConfig.EXACTLY_ONCE_V2));
    settings.put(StreamsConfig.STATE_DIR_CONFIG, environment("STATE_DIR", null));
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
    return settings;
  }

  private static String environment(String name, String otherwise) {
    String value = System.getenv(name);
    if (value != null && !value.isEmpty()) return value;
    if (otherwise == null) throw new IllegalArgumentException(name + " is not set");
    return otherwise;
  }

  private static JsonNode read(byte[] bytes) {
    try {
      return JSON.readTree(bytes);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static byte[] write(JsonNode node) {
    try {
      return JSON.writeValueAsBytes(node);
    } catch (JsonProcessingException error) {
      throw new UncheckedIOException(error);
    }
  }
}
