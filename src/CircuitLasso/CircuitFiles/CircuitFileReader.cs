using System.Globalization;
using System.Runtime.InteropServices;
using CircuitLasso.Numerics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CircuitLasso;

/// <summary>
/// Reads the bytes of a circuit file. They are opened as a read-only database in memory, so that no journal beside the file is played back; the tables
/// must be plain tables (no views, virtual tables or computed columns, which could run for ever), and SQLite's own check of the pages comes first.
/// </summary>
internal sealed partial class CircuitFileReader
{
    internal const string Remedy = "make the file again, or export it anew from where it was learnt";

    private const int MaximumTextBytes = 16 << 20;
    private const int LimitLength = 0;
    private const int DeserializeReadOnly = 4;
    private readonly string _path;
    private readonly SqliteConnection _connection;

    // A row takes at least two bytes of the file, so more rows than bytes are read from pages that refer to each other.
    private long _rowsLeft;

    private CircuitFileReader(string path, SqliteConnection connection, long length)
    {
        _path = path;
        _connection = connection;
        _rowsLeft = length;
    }

    internal static Circuit Deserialize(string path, byte[] bytes)
    {
        if (!bytes.AsSpan().StartsWith("SQLite format 3\0"u8))
        {
            throw new InputException(path, "is not a circuit file (no SQLite database)", "give a circuit file (.circuit)");
        }

        GCHandle pinned = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        try
        {
            using SqliteConnection connection = new("Data Source=:memory:;Pooling=False");
            connection.Open();
            _ = raw.sqlite3_limit(connection.Handle, LimitLength, MaximumTextBytes);
            SqliteException.ThrowExceptionForRC(
                raw.sqlite3_deserialize(connection.Handle, "main", pinned.AddrOfPinnedObject(), bytes.Length, bytes.Length, DeserializeReadOnly),
                connection.Handle);
            return new CircuitFileReader(path, connection, bytes.Length).Read();
        }
        finally
        {
            pinned.Free();
        }
    }

    private Circuit Read()
    {
        foreach (string statement in new[] { "PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON" })
        {
            _ = Rows(statement).Count();
        }

        CheckTable("meta");
        OrderedDictionary<string, string> meta = Ordered("meta", "SELECT key, value FROM meta", row => Text(row[1]));
        CheckVersion(meta);
        foreach (string table in CircuitFileSchema.Tables.Keys)
        {
            CheckTable(table);
        }

        foreach (string table in CircuitFileSchema.OptionalTables.Keys.Where(HasTable))
        {
            CheckTable(table);
        }

        object[] check = Rows("PRAGMA quick_check(1)").First();
        if (check[0] is not "ok")
        {
            throw Refuse($"is damaged ({check[0]})");
        }

        OrderedDictionary<string, string> labels = Ordered("label", "SELECT node, text FROM label", row => Text(row[1]));
        CircuitNode[] nodes = [.. Rows("SELECT name, kind, place, layer, relevance, explained FROM node ORDER BY id").Select(row => Node(row, labels))];
        Dictionary<long, CircuitEdge> edges = [];
        foreach (object[] row in Rows("SELECT id, source, target, weight, in_circuit, norm, enters_at_lambda, stability FROM edge"))
        {
            if (!edges.TryAdd(Integer(row[0]), Edge(row)))
            {
                throw Refuse($"has edge {row[0]} twice");
            }
        }

        foreach ((long id, AblationEffect effect) in Effects(edges))
        {
            edges[id] = edges[id] with { Effect = effect };
        }

        EdgeCoefficient[] coefficients = Coefficients(edges);
        EdgeWeightPoint[] path = [.. Rows("SELECT edge, lambda, weight, stability FROM edge_weight").Select(row => Point(row, edges))];
        CircuitExample[] examples = Examples();
        FeatureProfile[] profiles = Profiles();
        OrderedDictionary<string, double> metrics = Ordered("metric", "SELECT name, value FROM metric ORDER BY rowid", row => Real(row[1]));
        OrderedDictionary<string, string> provenance = Ordered("provenance", "SELECT key, value FROM provenance ORDER BY rowid", row => Text(row[1]));
        if (labels.Keys.Except(nodes.Select(node => node.Name)).FirstOrDefault() is { } stranger)
        {
            throw Refuse($"labels '{stranger}', which is not a node");
        }

        try
        {
            return new Circuit(nodes, edges.Values, meta.GetValueOrDefault(CircuitFileSchema.TargetKey))
            {
                Components = Components(meta),
                WeightPath = path,
                Coefficients = coefficients,
                Examples = examples,
                Profiles = profiles,
                Readout = Readout(meta),
                Metrics = metrics,
                Provenance = provenance,
            };
        }
        catch (ArgumentException exception)
        {
            throw new InputException(_path, $"holds no valid circuit: {exception.Message}", Remedy, exception);
        }
    }

    private void CheckVersion(OrderedDictionary<string, string> meta)
    {
        if (meta.GetValueOrDefault(CircuitFileSchema.FormatKey) != CircuitFileSchema.Format)
        {
            throw Refuse("is a database but not a circuit file");
        }

        int version = Number(meta, CircuitFileSchema.VersionKey);
        if (version > CircuitFileSchema.Version)
        {
            throw new InputException(
                _path,
                string.Create(CultureInfo.InvariantCulture, $"has schema version {version}, and this program reads up to {CircuitFileSchema.Version}"),
                "use a newer circuitlasso");
        }

        if (version < 1)
        {
            throw Refuse("has no valid schema version");
        }
    }

    private void CheckTable(string table)
    {
        object[]? schema = Rows($"SELECT type, rootpage, sql FROM sqlite_schema WHERE name = '{table}' COLLATE NOCASE").FirstOrDefault();
        if (schema is null)
        {
            throw Refuse($"has no table '{table}'");
        }

        if (schema[0] is not "table" || schema[1] is not > 0L || schema[2] is not string sql || !sql.StartsWith("CREATE TABLE", StringComparison.OrdinalIgnoreCase)
            || Rows($"SELECT hidden FROM pragma_table_xinfo('{table}')").Any(row => row[0] is not 0L))
        {
            throw Refuse($"has a '{table}' that is not a plain table");
        }
    }

    private ComponentGraph? Components(OrderedDictionary<string, string> meta)
    {
        if (!meta.ContainsKey(CircuitFileSchema.LayersKey))
        {
            return null;
        }

        return new ComponentGraph(
            Number(meta, CircuitFileSchema.LayersKey),
            Number(meta, CircuitFileSchema.HeadsKey),
            Number(meta, CircuitFileSchema.ParallelBlocksKey) != 0,
            Number(meta, CircuitFileSchema.WidthKey));
    }

    private CircuitNode Node(object[] row, OrderedDictionary<string, string> labels)
    {
        string name = Text(row[0]);
        CircuitNodeKind kind = CircuitFileSchema.Kind(Text(row[1])) ?? throw Refuse($"has a node of no known kind, '{row[1]}'");
        return new CircuitNode(name, kind, Small(row[2]))
        {
            Layer = row[3] is DBNull ? null : Small(row[3]),
            Relevance = Real(row[4]),
            Explained = OptionalReal(row[5]),
            Label = labels.GetValueOrDefault(name),
        };
    }

    private CircuitEdge Edge(object[] row) => new(Text(row[1]), Text(row[2]), Real(row[3]))
    {
        InCircuit = Integer(row[4]) is 0 or 1 ? row[4] is 1L : throw Refuse("has an edge whose in_circuit is neither 0 nor 1"),
        Norm = OptionalReal(row[5]),
        EntersAtLambda = OptionalReal(row[6]),
        Stability = OptionalReal(row[7]),
    };

    private EdgeWeightPoint Point(object[] row, Dictionary<long, CircuitEdge> edges)
    {
        CircuitEdge edge = edges.GetValueOrDefault(Integer(row[0])) ?? throw Refuse("has a weight of an edge that is not there");
        return new EdgeWeightPoint(edge.Source, edge.Target, Real(row[1]), Real(row[2]), OptionalReal(row[3]));
    }

    private OrderedDictionary<string, T> Ordered<T>(string table, string query, Func<object[], T> value)
    {
        OrderedDictionary<string, T> result = new(StringComparer.Ordinal);
        foreach (object[] row in Rows(query))
        {
            if (!result.TryAdd(Text(row[0]), value(row)))
            {
                throw Refuse($"has '{row[0]}' twice in table '{table}'");
            }
        }

        return result;
    }

    private IEnumerable<object[]> Rows(string query)
    {
        using SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // Queries are constants of this project.
        command.CommandText = query;
#pragma warning restore CA2100
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            if (_rowsLeft-- == 0)
            {
                throw Refuse("is damaged (it has more rows than bytes)");
            }

            object[] row = new object[reader.FieldCount];
            reader.GetValues(row);
            yield return row;
        }
    }

    private int Number(OrderedDictionary<string, string> meta, string key) =>
        int.TryParse(meta.GetValueOrDefault(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw Refuse($"has no whole number as '{key}' in its table 'meta'");

    private string Text(object value) => value as string ?? throw Refuse("has a value that should be text and is not");

    private long Integer(object value) => value is long number ? number : throw Refuse("has a value that should be a whole number and is not");

    private int Small(object value) => Integer(value) is >= 0 and <= int.MaxValue and long number ? (int)number : throw Refuse("has a place or layer out of range");

    private double Real(object value) => value is double number ? number : throw Refuse("has a value that should be a real number and is not");

    private double? OptionalReal(object value) => value is DBNull ? null : Real(value);

    private InputException Refuse(string problem) => new(_path, problem, Remedy);
}
