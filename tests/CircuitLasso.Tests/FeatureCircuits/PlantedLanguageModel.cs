using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>
/// A transformer of three layers with one known path, in a folder of its own with autoencoders of its residual stream. A planted word writes a feature at its position; attention of layer 1 carries it to the
/// last position as another feature; the MLP of layer 2 turns that into a third, which decides between the two answers, and erases what it read. Everything else that words write, and that
/// heads and neurons make of it, leads to other words. Autoencoders know the directions of <see cref="PlantedDirections"/>, in an order of their own at each site.
/// </summary>
internal sealed class PlantedLanguageModel : IDisposable
{
    private const int Width = 64;
    private const int Layers = 3;
    private const int HeadWidth = 8;
    private const int Neurons = 16;
    private const int OtherDirections = 80;

    // A copy of the planted feature stays at its own position. What is carried is larger, or the Lasso, to which large columns cost less, would take the copy for it.
    private const double Gain = 1.5;

    // Above what directions that overlap make of each other, mostly: a feature fires where its direction was written.
    private const float Threshold = 0.8f;

    private readonly TemporaryFolder _folder = new();
    private readonly RandomSource _random;
    private readonly PlantedDirections _directions;
    private readonly PlantedWeights _weights;
    private readonly int[][] _features;

    public PlantedLanguageModel(ulong seed)
    {
        _random = new RandomSource(seed);
        _directions = new PlantedDirections(_random, Width, PlantedTexts.LastPosition + 1, OtherDirections);
        ModelDescription description = Describe();
        _weights = new PlantedWeights(description);
        PlaceWords();
        PlacePath();
        PlaceOtherWork();
        using (TransformerModel made = _weights.ToModel())
        {
            ModelCheckpoint.SaveHookedTransformer(made, Folder);
        }

        File.WriteAllText(Path.Combine(Folder, "tokenizer.json"), TinyLanguageModel.TokenizerJson(beginningToken: true, PlantedTexts.Vocabulary));
        Model = ModelCheckpoint.Load(Folder);
        Tokenizer = Tokenizer.Load(Folder);
        _features = [.. Enumerable.Range(0, Layers).Select(_ => InRandomOrder(_directions.All.Length))];
        AutoencoderFolders = [.. Enumerable.Range(0, Layers).Select(layer => PathOf(SiteName(layer)))];
        for (int layer = 0; layer < Layers; layer++)
        {
            using SparseAutoencoder autoencoder = CreateAutoencoder(layer);
            SaeLensFolder.Save(autoencoder, AutoencoderFolders[layer]);
        }

        Sites = new AutoencoderSites(Model, SiteAutoencoder.Load(AutoencoderFolders));
    }

    /// <summary>The model's folder, with its tokenizer.</summary>
    public string Folder => PathOf("model");

    /// <summary>The folders of the autoencoders.</summary>
    public IReadOnlyList<string> AutoencoderFolders { get; }

    public TransformerModel Model { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>The autoencoders at their sites.</summary>
    public AutoencoderSites Sites { get; }

    /// <summary>The nodes of the planted path, in its order.</summary>
    public FeatureNode[] PlantedPath => [Node(0, 0, PlantedTexts.PlantedPosition), Node(1, 1, PlantedTexts.LastPosition), Node(2, 2, PlantedTexts.LastPosition)];

    /// <summary>The confounders at their positions, at every site.</summary>
    public FeatureNode[] Confounders =>
        [.. Enumerable.Range(0, Layers).SelectMany(layer => new[] { Node(layer, 3, PlantedTexts.ConfounderPosition), Node(layer, 4, PlantedTexts.LastPosition) })];

    /// <summary>The planted feature at its own position once it has been carried away.</summary>
    public FeatureNode CopyOfPlanted => Node(1, 0, PlantedTexts.PlantedPosition);

    /// <summary>A path in the folder, which is deleted with everything in it.</summary>
    public string PathOf(string name) => _folder.PathOf(name);

    /// <summary>What is asked of pairs: the right answer's logit after the last word, less that of the wrong one.</summary>
    public BehaviourTask Ask(IEnumerable<(string Clean, string Corrupt)> pairs)
    {
        BehaviourTerm[] terms = [new(PlantedTexts.LastPosition, PlantedTexts.TokenOf(PlantedTexts.RightAnswer), 1), new(PlantedTexts.LastPosition, PlantedTexts.TokenOf(PlantedTexts.WrongAnswer), -1)];
        return new BehaviourTask("planted", pairs.Select((pair, number) => new BehaviourText(number, Tokenizer.Encode(pair.Clean), Tokenizer.Encode(pair.Corrupt), terms)));
    }

    public void Dispose()
    {
        foreach (SiteAutoencoder place in Sites)
        {
            place.Autoencoder.Dispose();
        }

        Model.Dispose();
        _folder.Dispose();
    }

    private static string SiteName(int layer) => $"resid_post.{layer}";

    // No normalisation, so that what is written can be read as it is.
    private static ModelDescription Describe() => new()
    {
        Family = "hooked_transformer",
        Layers = Layers,
        Width = Width,
        VocabularySize = PlantedTexts.Vocabulary.Length,
        MaximumPositions = PlantedTexts.LastPosition + 1,
        LearnedPositions = true,
        TiedEmbeddings = false,
        HasUnembeddingBias = true,
        Normalization = new NormalizationDescription(NormalizationKind.None, 1e-5f),
        Attention = new AttentionDescription
        {
            Heads = 2,
            KeyValueHeads = 2,
            HeadWidth = HeadWidth,
            HasInputBias = true,
            HasOutputBias = true,
            ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt(HeadWidth), Layers)],
        },
        Mlp = new MlpDescription(Neurons, Activation.Relu, Gated: false, HasBias: true),
    };

    private FeatureNode Node(int layer, int direction, int position) => new(layer, _features[layer][direction], position);

    // Every word writes two directions that have nothing to do with the answer, planted and confounding words one more, each with a strength of its own.
    private void PlaceWords()
    {
        for (int position = 0; position <= PlantedTexts.LastPosition; position++)
        {
            _weights.AddRow(ParameterRole.PositionEmbedding, -1, position, _directions.Positions[position], 2);
        }

        for (int token = PlantedTexts.SpecialTokens; token < PlantedTexts.Vocabulary.Length; token++)
        {
            Write(Other(), 1, 2);
            Write(Other(), 1, 2);
            string word = PlantedTexts.Vocabulary[token].TrimEnd([.. "0123456789"]);
            if (word == PlantedTexts.PlantedWord)
            {
                Write(_directions.Planted, 1.25, 3.25);
            }
            else if (word is PlantedTexts.MiddleWord or PlantedTexts.LastWord)
            {
                Write(_directions.Confounders[word == PlantedTexts.MiddleWord ? 0 : 1], 1, 2);
            }

            void Write(float[] direction, double least, double most) =>
                _weights.AddRow(ParameterRole.TokenEmbedding, -1, token, direction, least + ((most - least) * _random.NextDouble()));
        }
    }

    private void PlacePath()
    {
        // The first head of layer 1: the last position looks at the planted one, every other position at the first, where nothing is.
        for (int position = 0; position <= PlantedTexts.LastPosition; position++)
        {
            _weights.AddRow(ParameterRole.QueryWeight, 1, position == PlantedTexts.LastPosition ? 0 : 1, _directions.Positions[position], 6);
        }

        _weights.AddRow(ParameterRole.KeyWeight, 1, 0, _directions.Positions[PlantedTexts.PlantedPosition], 1);
        _weights.AddRow(ParameterRole.KeyWeight, 1, 1, _directions.Positions[0], 1);
        _weights.AddRow(ParameterRole.ValueWeight, 1, 0, _directions.Planted, 1);
        _weights.AddColumn(ParameterRole.OutputWeight, 1, 0, _directions.Carried, Gain);

        // The first neuron of layer 2.
        _weights.AddRow(ParameterRole.MlpUpWeight, 2, 0, _directions.Carried, 1);
        _weights.AddColumn(ParameterRole.MlpDownWeight, 2, 0, _directions.Answer, Gain);
        _weights.AddColumn(ParameterRole.MlpDownWeight, 2, 0, _directions.Carried, -1);
        _weights.AddRow(ParameterRole.Unembedding, -1, PlantedTexts.TokenOf(PlantedTexts.RightAnswer), _directions.Answer, 0.5);
        _weights.AddRow(ParameterRole.Unembedding, -1, PlantedTexts.TokenOf(PlantedTexts.WrongAnswer), _directions.Answer, -0.5);
    }

    // The other neurons turn one direction into another at every position, the second head of each layer brings some from all positions so far, and every word is the answer to some direction.
    private void PlaceOtherWork()
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            for (int neuron = 1; neuron < Neurons; neuron++)
            {
                _weights.AddRow(ParameterRole.MlpUpWeight, layer, neuron, Other(), 1);
                _weights.SetNeuronBias(layer, neuron, -Threshold);
                _weights.AddColumn(ParameterRole.MlpDownWeight, layer, neuron, Other(), 0.5 + _random.NextDouble());
            }

            for (int value = HeadWidth; value < 2 * HeadWidth; value++)
            {
                _weights.AddRow(ParameterRole.ValueWeight, layer, value, Other(), 0.7);
                _weights.AddColumn(ParameterRole.OutputWeight, layer, value, Other(), 1);
            }
        }

        for (int token = PlantedTexts.SpecialTokens; token < PlantedTexts.Vocabulary.Length; token++)
        {
            _weights.AddRow(ParameterRole.Unembedding, -1, token, Other(), 1);
        }
    }

    private float[] Other() => _directions.Others[_random.NextInt32(OtherDirections)];

    // JumpReLU, whose threshold takes nothing from a feature that fires.
    private SparseAutoencoder CreateAutoencoder(int layer)
    {
        float[][] directions = _directions.All;
        Site site = Site.Parse(SiteName(layer));
        return new SparseAutoencoder(
            new SparseAutoencoderArchitecture { Kind = SparseAutoencoderKind.JumpRelu },
            new SparseAutoencoderParameters
            {
                Encoder = Matrix(),
                Decoder = Matrix(),
                EncoderBias = new float[directions.Length],
                DecoderBias = new float[Width],
                Thresholds = [.. Enumerable.Repeat(Threshold, directions.Length)],
            },
            new SparseAutoencoderProvenance { Format = "made by hand", InputSite = site, OutputSite = site });

        NativeBuffer<float> Matrix()
        {
            NativeBuffer<float> matrix = new((nint)Width * directions.Length);
            for (int direction = 0; direction < directions.Length; direction++)
            {
                directions[direction].CopyTo(matrix.Slice(_features[layer][direction] * Width, Width));
            }

            return matrix;
        }
    }

    private int[] InRandomOrder(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int other = _random.NextInt32(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }

        return order;
    }
}
