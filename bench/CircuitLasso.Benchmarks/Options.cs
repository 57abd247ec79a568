using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Benchmarks;

/// <summary>The options that benchmarks of models share; setting <c>--threads</c> takes effect at once.</summary>
internal sealed class Options
{
    public Options(string[] arguments)
    {
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = i + 1 < arguments.Length ? arguments[i + 1] : throw new ArgumentException($"{arguments[i]} needs a value");
            switch (arguments[i])
            {
                case "--threads":
                    DeterministicParallel.Threads = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--model":
                    Model = value;
                    break;
                case "--text":
                    Text = value;
                    break;
                case "--text-column":
                    TextColumn = value;
                    break;
                case "--label-column":
                    LabelColumn = value;
                    break;
                case "--tokenizer":
                    Tokenizer = value;
                    break;
                case "--sentences":
                    Sentences = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--features":
                    Features = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--sites":
                    Sites = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--memory":
                    MemoryBytes = long.Parse(value, CultureInfo.InvariantCulture) << 20;
                    break;
                case "--turns":
                    Turns = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--pairs":
                    Pairs = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--samples":
                    Samples = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--set":
                    Set = value;
                    break;
                case "--rival":
                    Rival = value;
                    break;
                case "--part":
                    Part = value;
                    break;
                default:
                    throw new ArgumentException($"unknown option {arguments[i]}");
            }
        }
    }

    public string? Model { get; }

    public string? Text { get; }

    public string? TextColumn { get; }

    public string? LabelColumn { get; }

    public string? Tokenizer { get; }

    public int Sentences { get; } = 8551;

    public int Features { get; } = 32768;

    public int Sites { get; } = 12;

    public long? MemoryBytes { get; }

    public int Turns { get; } = 5;

    public int Pairs { get; } = 32;

    public int Samples { get; } = 1000;

    public string Set { get; } = "clean";

    public string? Rival { get; }

    public string? Part { get; }
}
