package io.closeloop.helm;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the spec of the chart asks: `lint CHART`, `template CHART RELEASE VALUES…`, and `validate`, a JSON array of manifests on standard input. */
public final class Chart {
  /** The version whose API the models are of. */
  private static final String KUBERNETES = "1.33";

  private static final Map<String, Class<?>> MODELS =
      Map.of(
          "apps/v1 Deployment", V1Deployment.class,
          "batch/v1 Job", V1Job.class,
          "networking.k8s.io/v1 Ingress", V1Ingress.class,
          "networking.k8s.io/v1 NetworkPolicy", V1NetworkPolicy.class,
          "policy/v1 PodDisruptionBudget", V1PodDisruptionBudget.class,
          "v1 Service", V1Service.class,
          "v1 ServiceAccount", V1ServiceAccount.class);

  private Chart() {}

  public static void main(String[] arguments) {
    try {
      switch (arguments.length == 0 ? "" : arguments[0]) {
        case "lint":
          lint(Path.of(arguments[1]));
          break;
        case "template":
          System.out.print(template(arguments));
          break;
        case "validate":
          for (String problem : problems()) System.out.println(problem);
          break;
        default:
          throw new IllegalArgumentException("The command must be lint, template or validate");
      }
    } catch (Exception error) {
      System.err.println(error.getMessage());
      System.exit(1);
    }
  }

  private static void lint(Path chart) {
    LintResult result = new Helm(chart).lint().strict().call();
    for (String line : result.getMessages()) System.out.println(line);
    if (result.isFailed()) throw new IllegalStateException("helm lint fails:\n" + String.join("\n", result.getMessages()));
  }

  /** Without hooks: helm-java leaves them out. */
  private static String template(String[] arguments) {
    TemplateCommand command =
        new Helm(Path.of(arguments[1]))
            .template()
            .withName(arguments[2])
            .withNamespace("closeloop")
            .withKubeVersion(KUBERNETES);
    for (int at = 3; at < arguments.length; at++) command.withValuesFile(Path.of(arguments[at]));
    return command.call();
  }

  private static List<String> problems() throws ReflectiveOperationException {
    List<String> problems = new ArrayList<>();
    JsonArray manifests =
        JsonParser.parseReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).getAsJsonArray();
    for (JsonElement element : manifests) {
      JsonObject manifest = element.getAsJsonObject();
      String kind = text(manifest, "apiVersion") + " " + text(manifest, "kind");
      Class<?> model = MODELS.get(kind);
      String name = kind + " " + text(manifest.getAsJsonObject("metadata"), "name");
      if (model == null) problems.add(name + ": there is no such kind, or none that this chart has");
      else check(name, manifest, model, problems);
    }
    return problems;
  }

  /** What is required is asked of the model; what it does not know, or takes for another type, is lost or changed on the way through it. */
  private static void check(String name, JsonObject manifest, Class<?> model, List<String> problems)
      throws ReflectiveOperationException {
    try {
      model.getMethod("validateJsonElement", JsonElement.class).invoke(null, manifest);
      differences(name, manifest, JSON.getGson().toJsonTree(JSON.getGson().fromJson(manifest, model)), problems);
    } catch (InvocationTargetException error) {
      // without the whole manifest, which follows
      problems.add(name + ": " + error.getCause().getMessage().split(" JSON: ")[0]);
    } catch (RuntimeException error) {
      problems.add(name + ": " + error.getMessage());
    }
  }

  private static void differences(String path, JsonElement given, JsonElement kept, List<String> problems) {
    if (given.isJsonObject() && kept != null && kept.isJsonObject()) {
      for (Map.Entry<String, JsonElement> field : given.getAsJsonObject().entrySet()) {
        differences(
            path + "/" + field.getKey(), field.getValue(), kept.getAsJsonObject().get(field.getKey()), problems);
      }
    } else if (given.isJsonArray() && kept != null && kept.isJsonArray() && given.getAsJsonArray().size() == kept.getAsJsonArray().size()) {
      for (int at = 0; at < given.getAsJsonArray().size(); at++) {
        differences(path + "/" + at, given.getAsJsonArray().get(at), kept.getAsJsonArray().get(at), problems);
      }
    } else if (!given.equals(kept)) {
      problems.add(path + ": " + given + " is of no such field, or of another type");
    }
  }

  private static String text(JsonObject object, String field) {
    JsonElement value = object == null ? null : object.get(field);
    return value == null || value.isJsonNull() ? "(none)" : value.getAsString();
  }
}
