using System.CommandLine;

namespace CircuitLasso.Cli;

/// <summary>Arguments and options that commands on models share, so that they are described alike.</summary>
internal static class ModelArguments
{
    public static Argument<string> Folder() => new("DIR") { Description = "The folder of a Hugging Face checkpoint: config.json, model.safetensors (or shards), tokenizer.json." };

    public static Option<string> Model() => new("--model") { Description = "The folder of a Hugging Face checkpoint (gpt2 or llama).", HelpName = "DIR", Required = true };
}
