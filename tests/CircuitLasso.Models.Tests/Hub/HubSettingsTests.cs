using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>The variables mean what they mean to huggingface_hub.</summary>
public sealed class HubSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_variables_the_cache_lies_at_home()
    {
        HubSettings settings = Read();
        Assert.Equal(_folder.PathOf(".cache", "huggingface", "hub"), settings.CacheFolder);
        Assert.Equal("https://huggingface.co/", settings.Endpoint.AbsoluteUri);
        Assert.Null(settings.Token);
        Assert.False(settings.IsOffline);
        Assert.True(settings.UsesLinks);
    }

    [Fact]
    public void The_nearer_variable_says_where_the_cache_lies()
    {
        Assert.Equal(Path.GetFullPath("/xdg/huggingface/hub"), Read(("XDG_CACHE_HOME", "/xdg")).CacheFolder);
        Assert.Equal(Path.GetFullPath("/hf/hub"), Read(("XDG_CACHE_HOME", "/xdg"), ("HF_HOME", "/hf")).CacheFolder);
        Assert.Equal(Path.GetFullPath("/old"), Read(("HF_HOME", "/hf"), ("HUGGINGFACE_HUB_CACHE", "/old")).CacheFolder);
        Assert.Equal(Path.GetFullPath("/cache"), Read(("HF_HOME", "/hf"), ("HUGGINGFACE_HUB_CACHE", "/old"), ("HF_HUB_CACHE", "/cache")).CacheFolder);
        Assert.Equal(_folder.PathOf("mine"), Read(("HF_HUB_CACHE", "~/mine")).CacheFolder);
    }

    [Fact]
    public void The_token_is_the_variables_or_that_of_the_file_of_the_login()
    {
        string home = Directory.CreateDirectory(_folder.PathOf("hf")).FullName;
        File.WriteAllText(Path.Combine(home, "token"), "hf_file\n");
        Assert.Equal("hf_file", Read(("HF_HOME", home)).Token);
        Assert.Equal("hf_variable", Read(("HF_HOME", home), ("HF_TOKEN", "hf_variable")).Token);
        Assert.Equal("hf_file", Read(("HF_TOKEN_PATH", Path.Combine(home, "token"))).Token);
        Assert.Null(Read(("HF_HOME", home), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).Token);
    }

    [Fact]
    public void A_token_that_would_break_out_of_its_header_is_refused_and_not_shown()
    {
        InputException exception = Assert.Throws<InputException>(() => Read(("HF_TOKEN", "hf_secret\r\nX-Evil: 1")));
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("true", true)]
    [InlineData("YES", true)]
    [InlineData("0", false)]
    [InlineData("", false)]
    public void Switches_are_read_as_huggingface_hub_reads_them(string value, bool isOn)
    {
        Assert.Equal(isOn, Read(("HF_HUB_OFFLINE", value)).IsOffline);
        Assert.Equal(isOn, Read(("TRANSFORMERS_OFFLINE", value)).IsOffline);
        Assert.Equal(!isOn, Read(("HF_HUB_DISABLE_SYMLINKS", value)).UsesLinks);
    }

    [Theory]
    [InlineData("huggingface.co")]
    [InlineData("file:///tmp")]
    [InlineData("https://user:password@example.org")]
    public void An_endpoint_that_is_no_web_address_is_refused(string endpoint) =>
        Assert.Equal("HF_ENDPOINT", Assert.Throws<InputException>(() => Read(("HF_ENDPOINT", endpoint))).Subject);

    [Fact]
    public void An_endpoint_keeps_its_path() => Assert.Equal("https://example.org/hub", Read(("HF_ENDPOINT", "https://example.org/hub/")).Endpoint.AbsoluteUri);

    private HubSettings Read(params (string Name, string Value)[] variables)
    {
        Dictionary<string, string> values = variables.ToDictionary(pair => pair.Name, pair => pair.Value);
        values.TryAdd("HOME", _folder.Root);
        return HubSettings.FromEnvironment(values.GetValueOrDefault);
    }
}
