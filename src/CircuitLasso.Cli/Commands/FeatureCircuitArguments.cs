using System.CommandLine;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The options of commands that replace features of autoencoders, and what they name.</summary>
internal sealed class FeatureCircuitArguments
{
    private readonly Option<string[]> _autoencoders = new("--sae")
    {
        Description = "For circuits of features: a sparse autoencoder, PATH or SITE=PATH, or a transcoder, PATH or INPUT:OUTPUT=PATH, where PATH is " + HubArguments.Autoencoder + "; repeat for several sites. What is computed before the first site is never replaced.",
        HelpName = "[SITE=]PATH",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _right = new("--right") { Description = "With --sae: take only the pairs of which the model finds the right answer more probable, or the texts on which the readout is right." };

    private readonly LabelledTextArguments _texts = new();

    internal void AddTo(Command command)
    {
        command.Add(_autoencoders);
        command.Add(_right);
        _texts.AddTo(command);
    }

    /// <summary>Whether features are asked for.</summary>
    internal bool Any(ParseResult options) => options.GetValue(_autoencoders) is { Length: > 0 };

    /// <summary>Reads the autoencoders, which then belong to <paramref name="owned"/>.</summary>
    internal AutoencoderSites Sites(ParseResult options, TransformerModel model, DisposableList owned, CommandContext context)
    {
        IReadOnlyList<SiteAutoencoder> sites = SiteAutoencoder.Load(HubArguments.Autoencoders(options.GetValue(_autoencoders) ?? [], context));
        foreach (SiteAutoencoder site in sites)
        {
            owned.Add(site.Autoencoder);
        }

        return new AutoencoderSites(model, sites);
    }

    /// <summary>Refuses labelled texts where none are read, and beside pairs.</summary>
    internal void RequireOneTask(ParseResult options, TaskArguments task) => _texts.RequireAlone(options, Any(options), task.IsGiven(options));

    /// <summary>Whether labelled texts are given.</summary>
    internal bool HasTexts(ParseResult options) => _texts.File(options) is not null;

    /// <summary>The file of pairs or of labelled texts.</summary>
    internal string File(ParseResult options, TaskArguments task) => _texts.File(options) ?? task.File(options);

    /// <summary>Reads the pairs, or the labelled texts.</summary>
    /// <param name="options">The options.</param>
    /// <param name="task">Where the pairs are.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="sites">The sites that have autoencoders.</param>
    /// <param name="circuit">The circuit whose readout labelled texts are put to, with its file; null where none was named.</param>
    /// <param name="context">For messages.</param>
    internal FeatureTask Read(ParseResult options, TaskArguments task, string folder, AutoencoderSites sites, (Circuit Circuit, string File)? circuit, CommandContext context)
    {
        FeatureTask read = _texts.File(options) is null ? ReadPairs(options, task, folder, sites, context) : ReadTexts(options, folder, sites, circuit, context);
        if (!options.GetValue(_right))
        {
            return read;
        }

        BehaviourTask all = read.Behaviour;
        double[] scores = all.Scores(sites.Model, task.MemoryBytes(options));
        read = read with { Behaviour = all.Select(pair => scores[pair] > 0) };
        context.Message(all.Readout is null
            ? $"the model finds the right answer more probable in {read.Behaviour.Pairs} of {all.Pairs} pairs"
            : $"the readout is right on {read.Behaviour.Pairs} of {all.Pairs} texts");
        return read;
    }

    private static FeatureTask ReadPairs(ParseResult options, TaskArguments task, string folder, AutoencoderSites sites, CommandContext context)
    {
        BehaviourTaskFile file = BehaviourTaskFile.Read(task.File(options), Tokenizer.Load(folder), sites.Model, task.Pairs(options));
        if (file.Message is { } message)
        {
            context.Message(message);
        }

        return new FeatureTask(file.Task, sites, file.Sha256, null);
    }

    private FeatureTask ReadTexts(ParseResult options, string folder, AutoencoderSites sites, (Circuit Circuit, string File)? circuit, CommandContext context)
    {
        (Circuit from, string name) = circuit ?? throw new InputException("--readout", "is missing: labelled texts are put to a fitted readout", "name the circuit file that learn wrote for the label");
        CircuitReadout readout = from.Readout
            ?? throw new InputException(name, "holds no readout to put labelled texts to", "learn it from a store of features with --target label; where the label is not predictable there is none");
        ReadoutBehaviour behaviour = new(readout, sites, name);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        LabelledTaskFile file = _texts.Read(options, tokenizer, behaviour);
        if (file.Message is { } message)
        {
            context.Message(message);
        }

        string? Of(string key) => from.Provenance.GetValueOrDefault(key) is { } value ? value.Replace("sha256:", string.Empty, StringComparison.Ordinal) : null;
        string? fitted = Of("readout_text_sha256") ?? Of("text_sha256");
        if (file.Sha256 == fitted || file.Sha256 == Of("task"))
        {
            context.Message($"{file.Task.Name} holds the texts that {name} comes from: figures on others say more");
        }

        if ((Of("model_sha256") ?? Of("model")) is { } model && model != ModelFingerprint.Sha256(folder))
        {
            context.Message($"{name} was found on another model than {folder}");
        }

        foreach (SiteAutoencoder site in behaviour.Sites)
        {
            if (Of("sae_sha256." + site.Site) is { } sae && sae != SparseAutoencoderFingerprint.Sha256(site.Autoencoder))
            {
                context.Message($"{name} was found with another autoencoder at {site.Site}");
            }
        }

        return new FeatureTask(file.Task, behaviour.Sites, file.Sha256, fitted);
    }
}
