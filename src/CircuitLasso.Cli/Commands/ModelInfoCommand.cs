using System.CommandLine;
using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using Spectre.Console;

namespace CircuitLasso.Cli;

/// <summary><c>model info DIR</c>.</summary>
internal sealed class ModelInfoCommand : ToolCommand
{
    private readonly Argument<string> _folder = ModelArguments.Folder();

    public ModelInfoCommand()
        : base("info", "Tell what a model is: architecture, parameters, sites, and what computes its matrix products here.") => Add(_folder);

    internal override int Run(ParseResult options, CommandContext context)
    {
        using TransformerModel model = ModelCheckpoint.Load(HubArguments.ModelFolder(options.GetRequiredValue(_folder), context));
        ModelDescription description = model.Description;
        AttentionDescription attention = description.Attention;
        (string Name, string Value)[] facts =
        [
            ("family", description.Family),
            ("layers", Text(description.Layers)),
            ("width", Text(description.Width)),
            ("heads", Text(attention.Heads)),
            ("key_value_heads", Text(attention.KeyValueHeads)),
            ("head_width", Text(attention.HeadWidth)),
            ("mlp_hidden_width", Text(description.Mlp.HiddenWidth)),
            ("activation", (description.Mlp.Gated ? "gated " : string.Empty) + description.Mlp.Activation),
            ("normalization", description.Normalization.Kind.ToString()),
            ("positions", description.LearnedPositions ? "learned" : attention.Rotary is null ? "none" : "rotary"),
            ("attention", attention.Causal ? "causal" : "bidirectional"),
            ("attention_windows", Windows(description)),
            ("score_limit", Number(attention.ScoreSoftCap)),
            ("query_and_key_norm", attention.HeadNormalization?.Kind.ToString() ?? "none"),
            ("norms_after_sublayers", description.NormalizesSublayerOutputs ? "yes" : "no"),
            ("sublayers", description.ParallelSublayers ? "parallel" : "sequential"),
            ("embedding_scale", Number(description.EmbeddingScale)),
            ("logit_limit", Number(description.LogitSoftCap)),
            ("vocabulary", Text(description.VocabularySize)),
            ("outputs", Text(description.OutputSize)),
            ("maximum_positions", Text(description.MaximumPositions)),
            ("tied_embeddings", description.TiedEmbeddings ? "yes" : "no"),
            ("parameters", model.Parameters.Count.ToString("N0", CultureInfo.InvariantCulture)),
            ("matrix_backend", MatrixBackend.Default.Name),
            ("matrix_backend_choice", MatrixBackend.Reason),
        ];
        string[] sites = [.. model.Sites.Select(site => site.ToString())];
        context.Print(
            output =>
            {
                int width = facts.Max(fact => fact.Name.Length);
                foreach ((string name, string value) in facts)
                {
                    output.WriteLine($"{name.PadRight(width)}  {value}");
                }

                output.WriteLine($"{"sites".PadRight(width)}  {string.Join(' ', sites.Where(site => !site.Contains('.', StringComparison.Ordinal) || site.EndsWith(".0", StringComparison.Ordinal)))}"
                    + (description.Layers > 1 ? $" (.0 stands for layers 0 to {description.Layers - 1})" : string.Empty));
            },
            json =>
            {
                foreach ((string name, string value) in facts)
                {
                    if (name == "parameters")
                    {
                        json.WriteNumber(name, model.Parameters.Count);
                    }
                    else if (name == "tied_embeddings")
                    {
                        json.WriteBoolean(name, description.TiedEmbeddings);
                    }
                    else if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                    {
                        json.WriteNumber(name, number);
                    }
                    else
                    {
                        json.WriteString(name, value);
                    }
                }

                json.WriteStartArray("sites");
                foreach (string site in sites)
                {
                    json.WriteStringValue(site);
                }

                json.WriteEndArray();
            });
        return ExitCode.Done;
    }

    private static string Windows(ModelDescription description)
    {
        int[] layers = [.. Enumerable.Range(0, description.Layers).Where(layer => description.Attention.Window(layer) is not null)];
        return layers.Length == 0 ? "none" : string.Join(", ", layers.GroupBy(layer => description.Attention.Window(layer)!.Value)
            .Select(group => $"{Text(group.Key)} positions in layers {string.Join(' ', group.Select(Text))}"));
    }

    private static string Number(float? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
